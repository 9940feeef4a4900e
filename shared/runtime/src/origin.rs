//! What makes two requests the same request: the digest of the method and of the message, encoded
//! anew so that field order and unknown fields on the wire do not matter.

use kernel::refusal::invalid;
use kernel::{Digest, Digester, Refusal};

/// The digest of a request of the outer caller.
pub fn origin(method: &str, message: &impl prost::Message) -> Digest {
    let mut digester = Digester::new();
    digester
        .part(method.as_bytes())
        .part(&message.encode_to_vec());
    digester.finish()
}

/// The digest a saga carries in a step's `origin` field, or that of the step itself when the field
/// is empty: then the step's caller is the outer one.
pub fn carried_origin(
    carried: &[u8],
    method: &str,
    message: &impl prost::Message,
) -> Result<Digest, Refusal> {
    match carried.len() {
        0 => Ok(origin(method, message)),
        _ => <[u8; 32]>::try_from(carried)
            .map(Digest)
            .map_err(|_| invalid("origin", "空或32字节的SM3摘要")),
    }
}
