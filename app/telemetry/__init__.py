"""Telemetry: log lines and metrics."""
