"""The server: what gunicorn runs, and how it reloads and drains."""
