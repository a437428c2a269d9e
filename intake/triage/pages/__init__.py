"""What a reviewer sees and sends: pages on 127.0.0.1."""
