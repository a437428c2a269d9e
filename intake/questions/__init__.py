"""The questions of the form definition as fields of a page: for the source site, and for reviewers who enter one."""
