//! a
use super::*;

#[test]
fn scratch() {
    let mut out = String::new();
    for text in [
        "[server]\nlisten = 127.0.0.1:80\n",
        "[server]\nlisten \"127.0.0.1:80\"\n",
        "[server]\nlisten = \"127.0.0.1:80\nx = 1",
        "[server\nlisten = 1\n",
        "[staff]\nclient_secret = \"hunter2\n",
        "[staff]\nissuer = \"a\"\nissuer = \"b\"",
        "x = [1, 2\n y=1",
    ] {
        out += &complaint(text);
        out += "\n=======\n";
    }
    out += &complaint(&format!(
        "{SERVER}lissten = 1\nxyz=2\ntls = {{cert = \"/nowhere\"}}\ntrusted_proxies = 3\nbehind_tls_proxy = \"hunter2\"\n[sessions]\nmax = \"1h\"\nidle = \"2h\"\n[[route]]\nhost=\"a\"\n[store]\nurl = 'postgres://a:b@c'"
    ));
    println!("{out}");
}
