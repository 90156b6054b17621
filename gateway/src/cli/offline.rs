//! Topics as commands try them that ask no registry. Knows what a registry would add, which is nothing but numbers where
//! the schema lies beside the contract.

use forebay_schemas::contract::Contract;
use forebay_schemas::encoder::Material;

/// The contract's material with ids where only a registry knows them: they are written, never read, so any one does. None
/// where the schema itself is not known.
pub(super) fn numbered(contract: &Contract, material: &Material) -> Option<Material> {
    let mut material = material.clone();
    for sourced in [&mut material.value, &mut material.key].into_iter().flatten() {
        sourced.id.get_or_insert(0);
    }
    material.suffices(contract).then_some(material)
}
