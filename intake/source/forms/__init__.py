"""Forms: what their fields take, and the questions of the form definition as fields."""
