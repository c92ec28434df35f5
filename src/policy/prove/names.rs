//! Names for the entities of an example. A solver calls them "" or "A"; the principal of ours is ada, or olga.
use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::EntityUid;

/// Names that are given out, the first to whoever matters most.
const WORKSPACES: [&str; 3] = ["acme", "globex", "initech"];
const ENGINEERS: [&str; 4] = ["ada", "bob", "eve", "cyd"];
const MEMBERS: [&str; 4] = ["olga", "otto", "nina", "ivan"];
const GROUPS: [&str; 3] = ["partners", "billing", "interns"];

/// Which entity is called what.
#[derive(Debug)]
pub(super) struct Names {
    given: BTreeMap<EntityUid, String>,
    /// Those that the policies name themselves.
    literals: BTreeSet<EntityUid>,
}

impl Names {
    pub(super) fn new(literals: BTreeSet<EntityUid>) -> Self {
        Self { given: BTreeMap::new(), literals }
    }

    /// What `uid` is called: as the policies do, or by a name of ours, always the same.
    pub(super) fn of(&mut self, uid: &EntityUid) -> String {
        if let Some(name) = self.given.get(uid) {
            return name.clone();
        }
        let name = if self.literals.contains(uid) { own(uid) } else { self.fresh(uid) };
        self.given.insert(uid.clone(), name.clone());
        name
    }

    /// Whether anybody speaks of `uid`: the policies, or a fact that has been named.
    pub(super) fn is_known(&self, uid: &EntityUid) -> bool {
        self.literals.contains(uid) || self.given.contains_key(uid)
    }

    fn fresh(&self, uid: &EntityUid) -> String {
        let kind = uid.type_name().to_string();
        let (known, other): (&[&str], _) = match kind.as_str() {
            "Workspace" => (&WORKSPACES, "workspace"),
            "Engineer" => (&ENGINEERS, "engineer"),
            "Member" => (&MEMBERS, "member"),
            _team => (&GROUPS, "group"),
        };
        let numbered = (1..).map(|number| format!("{other}-{number}"));
        let of_kind = |uid: &&EntityUid| uid.type_name().to_string() == kind;
        let literals = self.literals.iter().filter(of_kind).map(own);
        let taken: BTreeSet<String> =
            self.given.iter().filter(|(uid, _)| of_kind(uid)).map(|(_, name)| name.clone()).chain(literals).collect();
        let names = known.iter().map(|name| (*name).to_owned()).chain(numbered);
        names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
    }
}

/// The name in the uid; of a member without the workspace.
fn own(uid: &EntityUid) -> String {
    let id = uid.id().unescaped();
    id.rsplit_once('/').map_or(id, |(_, member)| member).to_owned()
}
