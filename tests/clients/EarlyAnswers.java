import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Answers that come before the body of their request has, to Java's HttpClient.
 *
 * <p>usage: java EarlyAnswers.java URL
 *
 * <p>The bank refuses a request by its head alone, while the client still sends the body, or waits
 * to send it. The client must see the refusal, and its next request must succeed. Prints what
 * fails, and exits with 1 then.
 *
 * <p>A client that waits to send a large body is refused without being asked for it. Java 17 then
 * waits without end, whatever server it is, so it is not tried.
 */
public class EarlyAnswers {
    private record Refusal(String path, String coding, int ifSmall, int ifLarge) {}

    private record Body(int bytes, int pauseMs) {}

    private static final String NEXT = "/.well-known/jwks.json";
    private static final int SMALL_BYTES_MAX = 60_000;

    private static final List<Refusal> REFUSALS =
            List.of(
                    new Refusal("/api/accounts", "identity", 401, 401),
                    new Refusal("/api/nowhere", "identity", 404, 404),
                    new Refusal(NEXT, "identity", 405, 405),
                    new Refusal("/api/auth/login", "gzip", 415, 413));

    private static final List<Body> BODIES =
            List.of(
                    new Body(10, 0),
                    new Body(10, 100),
                    new Body(10, 1_000),
                    new Body(60_000, 0),
                    new Body(8 << 20, 0),
                    new Body(8 << 20, 100));

    private static BodyPublisher publisher(Body body) {
        byte[] content = new byte[body.bytes];
        if (body.pauseMs == 0) {
            return BodyPublishers.ofByteArray(content);
        }
        InputStream pause =
                new InputStream() {
                    @Override
                    public int read() {
                        try {
                            Thread.sleep(body.pauseMs);
                        } catch (InterruptedException interrupted) {
                            Thread.currentThread().interrupt();
                        }
                        return -1;
                    }
                };
        return BodyPublishers.ofInputStream(
                () -> new SequenceInputStream(pause, new ByteArrayInputStream(content)));
    }

    public static void main(String[] arguments) {
        String bank = arguments[0];
        List<String> failures = new ArrayList<>();
        for (HttpClient.Version version : HttpClient.Version.values()) {
            for (boolean isWithheld : new boolean[] {false, true}) {
                HttpClient client = HttpClient.newBuilder().version(version).build();
                for (Refusal refusal : REFUSALS) {
                    for (Body body : BODIES) {
                        if (isWithheld && body.bytes > SMALL_BYTES_MAX) {
                            continue;
                        }
                        String what = version + " " + (isWithheld ? "withheld " : "") + refusal + " " + body;
                        try {
                            HttpRequest post =
                                    HttpRequest.newBuilder(URI.create(bank + refusal.path))
                                            .timeout(Duration.ofSeconds(10))
                                            .header("content-encoding", refusal.coding)
                                            .expectContinue(isWithheld)
                                            .POST(publisher(body))
                                            .build();
                            int got = client.send(post, BodyHandlers.ofString()).statusCode();
                            HttpRequest get =
                                    HttpRequest.newBuilder(URI.create(bank + NEXT))
                                            .timeout(Duration.ofSeconds(10))
                                            .build();
                            int following = client.send(get, BodyHandlers.ofString()).statusCode();
                            int expected = body.bytes <= SMALL_BYTES_MAX ? refusal.ifSmall : refusal.ifLarge;
                            if (got != expected || following != 200) {
                                failures.add(what + ": " + got + ", then " + following + "; not " + expected);
                            }
                        } catch (Exception failed) {
                            failures.add(what + ": " + failed);
                        }
                    }
                }
            }
        }
        failures.forEach(System.out::println);
        System.exit(failures.isEmpty() ? 0 : 1);
    }
}
