//! Orbits: from elements to eclipses.
