"""What of a page is cut off. A line that one types into scrolls by itself."""

BEYOND_THE_SIDES = """() => {
    const width = document.documentElement.clientWidth;
    const beyond = [...document.body.querySelectorAll('*')].filter(element => {
        const box = element.getBoundingClientRect();
        return box.width && (box.left < -1 || box.right > width + 1 || element.scrollWidth > element.clientWidth + 1
            && !['inline', 'contents'].includes(getComputedStyle(element).display)
            && !['select', 'input'].includes(element.localName));
    });
    const scrolls = document.documentElement.scrollWidth > width ? ['the page'] : [];
    return [...scrolls, ...beyond.map(element => element.outerHTML.slice(0, 120))];
}"""
"""A script: what reaches beyond the window's sides, the page as a whole or a part that is cut off."""
