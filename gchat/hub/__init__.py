"""The live chat: clients, rooms, names, who is told what, coming back, the end."""
