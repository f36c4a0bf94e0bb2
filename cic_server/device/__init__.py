"""Device control: what a client's device can do, and what is ordered of it (CIC DeviceControl)."""
