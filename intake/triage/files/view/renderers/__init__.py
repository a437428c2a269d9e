"""One module a kind of file. Each has `render`; what they import stands at their top, since later nothing opens.

They may fail in any way: whatever they raise is said to be a damaged file.
"""
