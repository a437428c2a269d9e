"""How both servers run under gunicorn: a patient worker, fair between circuits, and settings that nobody can bend."""
