import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Verifies X-Chaperone-Assertion. Needs JDK 17, and no packages. */
final class Gate {
    /** The gate has not vouched for this request: answer 401. */
    static final class Refused extends Exception {
        Refused(String why) { super(why); }
    }

    private static final Duration FRESH = Duration.ofMinutes(5); // keys are used so long without asking again
    private static final Duration PAUSE = Duration.ofSeconds(10); // between two questions for keys, whatever comes in
    private static final long LEEWAY = 5; // seconds by which clocks may differ
    /** What stands before the 32 octets of an Ed25519 key in X.509 (RFC 8410). */
    private static final String ED25519 = "302a300506032b6570032100";

    private final String issuer, audience, jwksUrl, bind;
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private Map<Object, PublicKey> keys = Map.of();
    private long asked = System.nanoTime() - FRESH.toNanos() - 1;

    /** A gate whose word is taken: `issuer` is its public_url, `bind` what its route says ("session" or "request"). */
    Gate(String issuer, String audience, String jwksUrl, String bind) {
        this.issuer = issuer;
        this.audience = audience;
        this.jwksUrl = jwksUrl;
        this.bind = bind;
    }

    /** The claims of a genuine assertion; `path` is the request's, as it came, without query. */
    Map<?, ?> verify(List<String> assertions, String method, String path) throws Refused {
        if (assertions == null || assertions.size() != 1) throw new Refused("not one assertion");
        String[] parts = assertions.get(0).split("\\.", -1);
        if (parts.length != 3) throw new Refused("not a token");
        try {
            Map<?, ?> header = (Map<?, ?>) Json.parse(decoded(parts[0]));
            Map<?, ?> claims = (Map<?, ?>) Json.parse(decoded(parts[1]));
            if (!"EdDSA".equals(header.get("alg")) || header.containsKey("crit")) throw new Refused("not EdDSA");
            PublicKey key = key(header.get("kid"));
            if (key == null) throw new Refused("signed by an unknown key");
            Signature signature = Signature.getInstance("Ed25519");
            signature.initVerify(key);
            signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
            if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))) throw new Refused("not signed by the gate");
            check(claims, method, path);
            return claims;
        } catch (GeneralSecurityException | RuntimeException odd) {
            throw new Refused("not a token: " + odd);
        }
    }

    private void check(Map<?, ?> claims, String method, String path) throws Refused {
        if (!issuer.equals(claims.get("iss")) || !audience.equals(claims.get("aud"))) throw new Refused("for others");
        double now = System.currentTimeMillis() / 1000.0;
        if (now < (Double) claims.get("nbf") - LEEWAY || (Double) claims.get("exp") + LEEWAY <= now) {
            throw new Refused("not now");
        }
        boolean bound = Objects.equals(method, claims.get("method")) && Objects.equals(path, claims.get("path"));
        if (bind.equals("request") && !bound) throw new Refused("the assertion is that of another request");
    }

    private synchronized PublicKey key(Object kid) {
        long age = System.nanoTime() - asked;
        if (age > FRESH.toNanos() || (!keys.containsKey(kid) && age > PAUSE.toNanos())) {
            asked = System.nanoTime();
            try {
                keys = fetch();
            } catch (IOException | InterruptedException | GeneralSecurityException | RuntimeException odd) {
                System.err.println("cannot fetch " + jwksUrl + ", going on with the keys at hand: " + odd);
            }
        }
        return keys.get(kid);
    }

    private Map<Object, PublicKey> fetch() throws IOException, InterruptedException, GeneralSecurityException {
        HttpRequest ask = HttpRequest.newBuilder(URI.create(jwksUrl)).timeout(Duration.ofSeconds(2)).build();
        Map<?, ?> document = (Map<?, ?>) Json.parse(client.send(ask, BodyHandlers.ofString()).body());
        Map<Object, PublicKey> found = new HashMap<>();
        for (Object each : (List<?>) document.get("keys")) {
            Map<?, ?> jwk = (Map<?, ?>) each;
            if (!"Ed25519".equals(jwk.get("crv"))) continue;
            String x = HexFormat.of().formatHex(Base64.getUrlDecoder().decode((String) jwk.get("x")));
            X509EncodedKeySpec encoded = new X509EncodedKeySpec(HexFormat.of().parseHex(ED25519 + x));
            found.put(jwk.get("kid"), KeyFactory.getInstance("Ed25519").generatePublic(encoded));
        }
        return found;
    }

    private static String decoded(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }
}
