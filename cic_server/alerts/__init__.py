"""Alerts: what each client was told to ring, and when (CIC Alerts)."""
