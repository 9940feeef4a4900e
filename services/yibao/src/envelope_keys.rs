//! 报文密钥目录: where the embedded suite finds the keys of envelopes, beside the data folder and not in it:
//! a copy of the data opens no secret.

use crate::suite::SuiteError;
use runtime::SettingsError;
use runtime::envelope::{EnvelopeFiles, EnvelopeKeys};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// What stands in the folder: the `[envelopes]` of a service's configuration.
const FILE: &str = "envelopes.toml";

/// The keys that `data.keys/envelopes.toml` beside `data` names; none where there is no such file. What
/// it names lies beside it.
pub fn beside(data: &Path) -> Result<Option<Arc<EnvelopeKeys>>, SuiteError> {
    let whole = data.canonicalize().unwrap_or_else(|_| data.to_path_buf());
    let mut name = OsString::from(whole.file_name().unwrap_or("data".as_ref()));
    name.push(".keys");
    let folder = whole.with_file_name(name);
    let file = folder.join(FILE);
    if !file.exists() {
        return Ok(None);
    }
    let failed = |reason: String| SettingsError {
        service: file.display().to_string(),
        reason,
    };
    let text = std::fs::read_to_string(&file).map_err(|e| failed(e.to_string()))?;
    let files = toml::from_str(&text).map_err(|e: toml::de::Error| failed(e.message().into()))?;
    let EnvelopeFiles {
        sealing_keys,
        mut answer_keys,
        window_seconds,
    } = files;
    for key in &mut answer_keys {
        key.file = folder.join(&key.file);
    }
    let files = EnvelopeFiles {
        sealing_keys: folder.join(sealing_keys),
        answer_keys,
        window_seconds,
    };
    let keys = EnvelopeKeys::open(&files).map_err(failed)?;
    Ok(Some(Arc::new(keys)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::sm2::PrivateKey;

    #[test]
    fn keys_lie_beside_the_data_or_there_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(beside(&data).unwrap().is_none());
        let keys = folder.path().join("data.keys");
        std::fs::create_dir(&keys).unwrap();
        let write = |name: &str, text: &str| std::fs::write(keys.join(name), text).unwrap();
        let text = "sealing_keys = \"sealing\"\n[[answer_keys]]\nfile = \"answer.pem\"\n\
                    from_day = \"2018-01-01\"\n";
        write(FILE, text);
        assert!(
            beside(&data)
                .unwrap_err()
                .to_string()
                .contains("sealing_keys")
        );
        write("sealing", "k1 00112233445566778899aabbccddeeff");
        let pem = PrivateKey::from_bytes(&[7; 32]).unwrap().to_pem().unwrap();
        write("answer.pem", &pem);
        let found = beside(&data).unwrap().unwrap();
        assert_eq!(found.window_millis, 300_000);
        assert_eq!(found.public().count(), 1);
    }
}
