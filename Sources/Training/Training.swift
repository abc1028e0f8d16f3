// Filled in by the room.
