//! Folder names for namespaces and launches.

/// Longer encoded names are cut to this length, bytes, and get a hash.
const MAX_NAME_BYTES: usize = 160;
/// Separates the start of a long name from its hash; never part of an encoded name.
const HASH_MARK: char = '~';

/// The folder name for `name`: the same in every build. Different names get different folder names
/// (very long ones almost certainly, by their hash).
pub(super) fn folder_name(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02x}"));
        }
    }
    if encoded.is_empty() {
        encoded.push('%');
    }
    if encoded.len() > MAX_NAME_BYTES {
        encoded.truncate(MAX_NAME_BYTES);
        encoded.push_str(&format!("{HASH_MARK}{:032x}", fnv1a(name.as_bytes())));
    }
    encoded
}

/// FNV-1a with 128 bits. std's hashes may differ from build to build; these names must not.
fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_escapes_its_folder() {
        for name in ["..", "a/../b", "/etc", ".", ""] {
            let folder = folder_name(name);
            assert!(!folder.is_empty() && !folder.contains(['/', '.']), "{folder}");
        }
    }

    #[test]
    fn different_names_get_different_folders() {
        let long = "n".repeat(1000);
        let names = ["a.b", "a_b", "a%2eb", "a%", "", &long, &format!("{long}x")];
        let folders: std::collections::BTreeSet<_> = names.map(folder_name).into();
        assert_eq!(folders.len(), names.len());
        assert!(folders.iter().all(|folder| folder.len() < 255));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }
}
