//! x
pub mod error;
pub mod field;
mod scan;
mod value;
pub use field::Field;
