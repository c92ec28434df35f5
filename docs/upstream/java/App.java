import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** An app that says who is there. `javac *.java && java App PORT` */
public final class App {
    private static final String GATE = "https://support.example.com";

    public static void main(String[] arguments) throws IOException {
        Map<String, String> environment = System.getenv();
        // By default below the issuer; here the gate's own address inside the network.
        String jwks = environment.getOrDefault("CHAPERONE_JWKS_URL", GATE + "/.chaperone/jwks.json");
        Gate gate = new Gate(GATE, GATE, jwks, environment.getOrDefault("CHAPERONE_BIND", "session"));
        int port = Integer.parseInt(arguments[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", exchange -> answer(gate, exchange));
        server.start();
    }

    private static void answer(Gate gate, HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        try {
            var assertions = exchange.getRequestHeaders().get("X-Chaperone-Assertion");
            send(exchange, 200, whoami(gate.verify(assertions, exchange.getRequestMethod(), path)));
        } catch (Gate.Refused refused) {
            send(exchange, 401, "not by way of the support gate\n");
        }
    }

    private static String whoami(Map<?, ?> claims) {
        Object actor = ((Map<?, ?>) claims.get("act")).get("sub");
        return String.format("{\"subject\":\"%s\",\"workspace\":\"%s\",\"actor\":\"%s\",\"access\":\"%s\"}",
            claims.get("sub"), claims.get("workspace"), actor, claims.get("access"));
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
