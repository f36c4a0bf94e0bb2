"""Settings, notifications, delegation and extensions (CIC Settings, Notifier, Clova)."""
