"""What is let in: from which circuit, from which page, how often, how much at once, and while there is room."""
