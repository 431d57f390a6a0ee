using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

public sealed class InterpreterTests
{
    [Theory]
    [InlineData("/srv/app/manage.py", "python3", "/srv/app/manage.py runserver 0.0.0.0:8000")]
    [InlineData("worker.py", "python3.11", "-u -X dev -W ignore worker.py --queue -m")]
    [InlineData("http.server", "python3", "-m http.server 8000")]
    [InlineData("celery", "python3", "-um celery -A app worker")]
    [InlineData("celery", "pypy3", "-Bmcelery worker")]
    [InlineData("a.py", "python", "-Wignore --check-hash-based-pycs always a.py")]
    [InlineData("a.py", "python", "-- a.py")]
    [InlineData(null, "python3", "-c import\0socket script.py")]
    [InlineData(null, "python3", "-uc code script.py")]
    [InlineData(null, "python3", "-")]
    [InlineData(null, "python3", "")]
    [InlineData(null, "python3", "-m")]
    [InlineData(null, "python3", "-X")]
    [InlineData(null, "python3", "--")]
    public void Python_runs_a_script_or_a_module(string? program, string executable, string arguments) => AssertRuns(program, executable, arguments);

    [Theory]
    [InlineData("/opt/app.jar", "-Xmx2g -Dkey=value -cp /lib/a.jar -jar /opt/app.jar --port 80")]
    [InlineData("org.apache.kafka.Kafka", "-Xms1g -cp /opt/kafka/libs/* org.apache.kafka.Kafka server.properties")]
    [InlineData("org.apache.kafka.Kafka", "--class-path=/opt/kafka/libs/* -server org.apache.kafka.Kafka")]
    [InlineData("org.app/org.app.Main", "--module-path mods --add-opens java.base/java.lang=ALL-UNNAMED -m org.app/org.app.Main")]
    [InlineData("org.app/org.app.Main", "-p mods --module=org.app/org.app.Main")]
    [InlineData("Main.java", "--source 17 Main.java")]
    [InlineData("Main", "-javaagent:/opt/agent.jar=port=1 -XX:+UseG1GC Main -jar x.jar")]
    [InlineData(null, "-Xmx1g @arguments Main")]
    [InlineData(null, "-version")]
    [InlineData(null, "-jar")]
    public void Java_runs_a_jar_or_a_class(string? program, string arguments) => AssertRuns(program, "java", arguments);

    [Theory]
    [InlineData("/srv/server.js", "/srv/server.js --inspect")]
    [InlineData("dist/main.js", "--max-old-space-size=4096 -r dotenv/config --import ./trace.mjs dist/main.js")]
    [InlineData("a.js", "--require=b.js --enable-source-maps a.js")]
    [InlineData(null, "-e require('net') a.js")]
    [InlineData(null, "--eval=1 a.js")]
    [InlineData(null, "-p 1")]
    public void Node_runs_a_script(string? program, string arguments) => AssertRuns(program, "node", arguments);

    [Theory]
    [InlineData("ruby3.1", "bin/rails", "-I lib -rbundler/setup bin/rails server")]
    [InlineData("ruby", "puma", "-S puma -p 3000")]
    [InlineData("ruby", null, "-rsocket -e sleep")]
    [InlineData("ruby", null, "-ne puts")]
    [InlineData("perl", "/usr/bin/munin-node", "-wT /usr/bin/munin-node --foreground")]
    [InlineData("perl5.36.0", "a.pl", "-I /lib -Mstrict -MIO::Socket a.pl")]
    [InlineData("perl", "a.pl", "-Mfeature=say a.pl")]
    [InlineData("ruby", "a.rb", "-W:no-experimental a.rb")]
    [InlineData("perl", null, "-MIO::Socket -we sleep x.pl")]
    [InlineData("php8.2", "artisan", "-d memory_limit=-1 artisan queue:work")]
    [InlineData("php", "router.php", "-S 0.0.0.0:80 -t public router.php")]
    [InlineData("php", "a.php", "-f a.php")]
    [InlineData("php", null, "-r sleep(9); a.php")]
    public void Ruby_Perl_and_PHP_run_a_script(string executable, string? program, string arguments) => AssertRuns(program, executable, arguments);

    [Theory]
    [InlineData("Shop.Api", "/app/Shop.Api.dll --urls http://+:80")]
    [InlineData("Shop.Api", "exec --runtimeconfig /app/x.json --depsfile /app/y.json /app/Shop.Api.dll")]
    [InlineData("Shop.Api", "--roll-forward Major Shop.Api.DLL")]
    [InlineData(null, "run --project Shop.Api")]
    [InlineData(null, "--info")]
    public void Dotnet_runs_an_assembly(string? program, string arguments) => AssertRuns(program, "dotnet", arguments);

    [Theory]
    [InlineData("/usr/sbin/nginx")]
    [InlineData("/usr/bin/pythonista")]
    [InlineData("/usr/lib/postgresql/15/bin/postgres")]
    [InlineData("")]
    public void Any_other_program_is_itself(string executable) => AssertRuns(null, executable, "a.py");

    [Fact]
    public void An_interpreter_that_was_replaced_by_an_upgrade_is_still_one() => AssertRuns("a.py", "/usr/bin/python3.11 (deleted)", "a.py");

    [Fact]
    public void Without_its_path_an_interpreter_is_known_by_the_name_it_was_called_by() =>
        Assert.Equal("a.py", Interpreter.ProgramOf(null, ["/usr/bin/python3", "a.py"]));

    [Fact]
    public void A_title_that_a_program_gave_itself_is_no_script() =>
        Assert.Null(Interpreter.ProgramOf("/usr/bin/python3.11", ["gunicorn: master [shop]"]));

    [Fact]
    public void No_arguments_at_all_run_nothing() => Assert.Null(Interpreter.ProgramOf("/usr/bin/python3", []));

    private static void AssertRuns(string? program, string executable, string arguments) =>
        Assert.Equal(program, Interpreter.ProgramOf(executable, [executable, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]));
}
