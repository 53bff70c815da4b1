//! Shared by the fuzz targets, which `make fuzz` runs.

#[path = "../../c-abi/src/lib.rs"]
pub mod c_abi;
#[path = "../../core/tests/properties.rs"]
pub mod properties;

/// Cuts an input into texts: each begins with its length in two bytes, but the last takes the rest.
pub fn texts<const N: usize>(mut input: &[u8]) -> [&[u8]; N] {
    let mut texts = [&[][..]; N];
    for text in &mut texts[..N - 1] {
        let Some((length, rest)) = input.split_first_chunk() else { break };
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        (*text, input) = rest.split_at(length);
    }
    texts[N - 1] = input;
    texts
}
