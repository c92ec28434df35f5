//! What `--help` says, command by command.
use super::command;

/// The names that lead to each command, and what it says.
fn helps(command: &clap::Command, before: &str, into: &mut Vec<(String, String)>) {
    let name = format!("{before}{}", command.get_name());
    let children: Vec<_> = command.get_subcommands().filter(|child| child.get_name() != "help").collect();
    into.push((name.clone(), command.clone().render_long_help().to_string()));
    for child in children {
        helps(child, &format!("{name}-"), into);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut root = command();
    root.build();
    let mut said = Vec::new();
    helps(&root, "", &mut said);
    for (name, help) in &said {
        insta::assert_snapshot!(name.as_str(), help);
    }
}

#[test]
fn every_command_and_every_option_has_words() {
    fn silent(command: &clap::Command, found: &mut Vec<String>) {
        let name = command.get_name();
        if command.get_about().is_none() {
            found.push(name.to_owned());
        }
        let mute = command.get_arguments().filter(|argument| argument.get_help().is_none());
        found.extend(mute.map(|argument| format!("{name} {}", argument.get_id())));
        for child in command.get_subcommands() {
            silent(child, found);
        }
    }
    let mut root = command();
    root.build();
    let mut found = Vec::new();
    silent(&root, &mut found);
    assert_eq!(found, Vec::<String>::new());
}
