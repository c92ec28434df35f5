//! The Merkle tree over the heads of all workspaces (RFC 6962 section 2.1): leaves and nodes are hashed apart, so that
//! none passes for the other.
use super::chain::Place;
use super::digest::Digest;

/// What a leaf's bytes begin with.
const LEAF: &[u8] = &[0];
/// What a node's bytes begin with.
const NODE: &[u8] = &[1];

/// The leaf of a workspace whose last record stands at `place` of its own chain.
pub(super) fn leaf(workspace: &str, place: Place) -> Digest {
    Digest::of_all(&[LEAF, format!("{workspace} {} {}", place.seq, place.hash).as_bytes()])
}

/// The root over `leaves`; of none, the hash of nothing.
pub(super) fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(root(left), root(right))
        }
    }
}

/// What leads from the leaf `index` to the root: the neighbours, the leaf's own first. None without such a leaf.
pub(super) fn path(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if leaves.len() <= 1 {
        return (index < leaves.len()).then(Vec::new);
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut below, neighbour) =
        if index < at { (path(left, index)?, root(right)) } else { (path(right, index - at)?, root(left)) };
    below.push(neighbour);
    Some(below)
}

/// The root that `path` leads to from the leaf `index` of `size`; none when it is not a path of such a tree.
pub(super) fn climb(leaf: Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    if size <= 1 {
        return (index < size && path.is_empty()).then_some(leaf);
    }
    let (neighbour, below) = path.split_last()?;
    let at = 1 << (size - 1).ilog2();
    if index < at {
        Some(node(climb(leaf, index, at, below)?, *neighbour))
    } else {
        Some(node(*neighbour, climb(leaf, index - at, size - at, below)?))
    }
}

fn node(left: Digest, right: Digest) -> Digest {
    Digest::of_all(&[NODE, left.bytes(), right.bytes()])
}

/// How many of `size` leaves, two or more, stand on the left: the largest power of two below `size`.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Digest> {
        (0..count).map(|n| Digest::of_all(&[LEAF, &[n]])).collect()
    }

    /// The tree and roots of the test vectors of Certificate Transparency's reference implementation.
    #[test]
    fn roots_are_those_of_rfc_6962() {
        let data: [&[u8]; 3] = [b"", &[0x00], &[0x10]];
        let leaves: Vec<Digest> = data.iter().map(|data| Digest::of_all(&[LEAF, data])).collect();
        let roots: Vec<String> = (0..=3).map(|count| root(&leaves[..count]).to_string()).collect();
        assert_eq!(
            roots,
            [
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            ]
        );
    }

    #[test]
    fn every_leaf_s_path_leads_to_the_root_and_no_other_path_does() {
        for size in 1..=20_u8 {
            let leaves = leaves(size);
            let root = root(&leaves);
            for index in 0..size {
                let path = path(&leaves, index.into()).unwrap();
                let leaf = leaves[usize::from(index)];
                assert_eq!(climb(leaf, index.into(), size.into(), &path), Some(root), "{index} of {size}");
                for other in (0..size).filter(|other| *other != index) {
                    assert_ne!(climb(leaf, other.into(), size.into(), &path), Some(root), "{other} for {index}");
                }
                assert_eq!(climb(leaf, size.into(), size.into(), &path), None);
                let longer = [path.clone(), vec![leaf]].concat();
                assert_eq!(climb(leaf, index.into(), size.into(), &longer), None);
            }
        }
        assert_eq!(path(&leaves(4), 4), None);
    }
}
