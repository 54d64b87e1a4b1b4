//! Expressions: what they mean, how they are written, and what is wrong with others.
