//! Memory that ends where the next page may not be touched: a load beyond it ends the test.
#![allow(unsafe_code, reason = "pages are asked of the system, and one of them is shut")]

use std::ptr::null_mut;

/// Bytes of texts that fit.
pub const BYTES_MAX: usize = 64 << 10;

/// Pages of memory, and one behind them that may not be touched.
pub struct Guarded {
    base: *mut u8,
    bytes: usize,
    page: usize,
}

impl Guarded {
    pub fn new() -> Self {
        // SAFETY: it only tells the size of a page.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let bytes = BYTES_MAX.next_multiple_of(page);
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: new pages, wherever there is room; nothing else lies there.
        let base = unsafe { libc::mmap(null_mut(), bytes + page, access, flags, -1, 0) };
        assert_ne!(base, libc::MAP_FAILED);
        let base: *mut u8 = base.cast();
        // SAFETY: the last of these pages, to which nothing refers.
        let shut = unsafe { libc::mprotect(base.add(bytes).cast(), page, libc::PROT_NONE) };
        assert_eq!(shut, 0);
        Self { base, bytes, page }
    }

    /// The last `length` bytes before the page that is shut.
    pub fn last(&mut self, length: usize) -> &mut [u8] {
        assert!(length <= self.bytes);
        // SAFETY: so many bytes are mapped there, and they are zeros or what was written. They are
        // borrowed as long as `self` is.
        unsafe {
            let start = self.base.add(self.bytes - length);
            std::slice::from_raw_parts_mut(start, length)
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: what `new` mapped, and nobody borrows any more.
        unsafe { libc::munmap(self.base.cast(), self.bytes + self.page) };
    }
}
