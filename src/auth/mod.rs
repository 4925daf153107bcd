//! Who are you, what may you do, and over which part of the country.
