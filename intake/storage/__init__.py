"""What the server keeps: tables, transactions and the blobs of attachments, none readable without a reviewer's key."""
