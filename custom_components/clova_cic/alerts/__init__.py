"""Alarms, timers and reminders: kept, and rung when it is time."""
