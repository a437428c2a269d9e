"""The access log as the server keeps it: append, sign, serve. What checks it is `intake.protocol.audit`."""
