"""What a source reads of its replies: on the source site, and for the reviewer who is about to send one."""
