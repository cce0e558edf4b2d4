"""The server as a process: sockets, workers, connections, logs."""
