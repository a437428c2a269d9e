"""The auditor's program: the log verified, who opened what, what stands out; and a witness of logs.

It reaches the desk as a reviewer's program does, over the lower rooms of that, and never sees a report.
"""
