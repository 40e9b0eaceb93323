"""The shipped service as a process, spoken to over sockets. Nothing here imports `app`."""
