"""What a reviewer writes, on its way to the desk."""
