import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON, so that the example needs no packages; an app that has Jackson or Gson uses that. Numbers are doubles. */
final class Json {
    private final String text;
    private int at = 0;

    private Json(String text) { this.text = text; }

    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        if (json.peek() != '\0') throw new IllegalArgumentException("more than one value");
        return value;
    }

    private Object value() {
        switch (peek()) {
            case '{': return object();
            case '[': return array();
            case '"': return string();
            default: return literal();
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> members = new HashMap<>();
        take('{');
        while (peek() != '}') {
            if (!members.isEmpty()) take(',');
            String name = string();
            take(':');
            if (members.containsKey(name)) throw new IllegalArgumentException("a name stands twice");
            members.put(name, value());
        }
        take('}');
        return members;
    }

    private List<Object> array() {
        List<Object> items = new ArrayList<>();
        take('[');
        while (peek() != ']') {
            if (!items.isEmpty()) take(',');
            items.add(value());
        }
        take(']');
        return items;
    }

    private String string() {
        take('"');
        StringBuilder found = new StringBuilder();
        while (text.charAt(at) != '"') {
            char next = text.charAt(at++);
            found.append(next == '\\' ? escaped() : next);
        }
        at++;
        return found.toString();
    }

    private char escaped() {
        char which = text.charAt(at++);
        if (which == 'u') return (char) Integer.parseInt(text.substring(at, at += 4), 16);
        int plain = "\"\\/bfnrt".indexOf(which);
        return "\"\\/\b\f\n\r\t".charAt(plain);
    }

    private Object literal() {
        int begin = at;
        while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) at++;
        String word = text.substring(begin, at);
        switch (word) {
            case "null": return null;
            case "true": return true;
            case "false": return false;
            default: return Double.valueOf(word);
        }
    }

    /** The next character that is no space; 0 at the end. */
    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private void take(char expected) {
        if (peek() != expected) throw new IllegalArgumentException("no " + expected + " at " + at);
        at++;
    }
}
