"""The reviewer's and auditor's program, on their own machine. It reaches the server only through the desk API."""
