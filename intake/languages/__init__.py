"""The languages of the source's pages: their catalogues, and how days and digits are written in each.

The source site speaks them, and the reviewer's program shows what a reply looks like there.
"""
