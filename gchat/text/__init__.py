"""Strings that people type and read: names, times, addresses, queries; nothing of the chat."""
