"""Representatives who act by themselves, through the people's door, as a browser would."""
