"""Attachments, seen without their own programs: a child shut in by the system makes pictures and text of them."""
