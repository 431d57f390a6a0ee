using KaTrace.Cli.Serving;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;

namespace KaTrace.Tests.Serving;

/// <summary>One at a time, as the environment is the whole process'.</summary>
[Collection(nameof(ServeSettingsTests))]
[CollectionDefinition(nameof(ServeSettingsTests), DisableParallelization = true)]
public sealed class ServeSettingsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose()
    {
        File.Delete(_file);
        Environment.SetEnvironmentVariable("KATRACE_Serve__History", null);
        Environment.SetEnvironmentVariable("KATRACE_Serve__Listen", null);
    }

    [Fact]
    public void Without_a_word_it_is_the_default()
    {
        ServeSettings settings = Read("{}");

        Assert.Equal(["unix:/run/katrace/katrace.sock"], settings.Server.Listen.Select(a => a.Text));
        Assert.Equal(EventLog.DefaultBytes, settings.HistoryBytes);
        Assert.Null(settings.Server.Tls);
        Assert.Equal((TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(90)), (settings.Server.PingAfter, settings.Server.GoneAfter));
    }

    [Fact]
    public void A_flag_goes_before_the_environment_and_that_before_the_file()
    {
        const string File = """{ "Serve": { "History": "1M", "Listen": ["127.0.0.1:1", "127.0.0.1:2"] } }""";
        Assert.Equal((1L << 20, "127.0.0.1:1 127.0.0.1:2"), Said(Read(File)));

        Environment.SetEnvironmentVariable("KATRACE_Serve__History", "2M");
        Environment.SetEnvironmentVariable("KATRACE_Serve__Listen", "127.0.0.1:3,127.0.0.1:4");
        Assert.Equal((2L << 20, "127.0.0.1:3 127.0.0.1:4"), Said(Read(File)));

        Assert.Equal((3L << 20, "127.0.0.1:5"), Said(Read(File, ("History", "--history", "3M"), ("Listen", "--listen", "127.0.0.1:5"))));
    }

    [Fact]
    public void Each_setting_is_shown_with_what_says_so()
    {
        Environment.SetEnvironmentVariable("KATRACE_Serve__History", "2M");
        ServeSettings settings = Read("""{ "Serve": { "History": "1M", "Listen": ["127.0.0.1:1", "127.0.0.1:2"], "Filters": { "allowList": [ { "port": [ 80 ] } ] } } }""", ("PingAfter", "--ping-after", "5s"));

        Dictionary<string, (string, string)> shown = settings.All().ToDictionary(setting => setting.Name, setting => (setting.Value, setting.Source));

        Assert.Equal(("127.0.0.1:1,127.0.0.1:2", $"{_file}: Serve.Listen"), shown["Serve.Listen"]);
        Assert.Equal(("2M", "KATRACE_Serve__History"), shown["Serve.History"]);
        Assert.Equal(("5s", "--ping-after"), shown["Serve.PingAfter"]);
        Assert.Equal(("90s", "default"), shown["Serve.GoneAfter"]);
        Assert.Equal(("none", "default"), shown["Serve.TlsKeyFile"]);
        Assert.Equal(("""{ "allowList": [ { "port": [ 80 ] } ] }""", $"{_file}: Serve.Filters"), shown["Serve.Filters"]);
        Assert.Equal(10, shown.Count);
    }

    [Fact]
    public void Filters_are_as_print_raw_filters_prints_them() =>
        Assert.Equal([5432u], Read("""{ "Serve": { "Filters": { "allowList": [ { "port": [ 5432 ] } ] } } }""").Filters.AllowList[0].Port);

    [Theory]
    [InlineData("""{ "Serve": { "Histroy": "1M" } }""", "FILE: Serve.Histroy: there is no such setting; there are Listen, ")]
    [InlineData("""{ "Serve": { "History": "much" } }""", "FILE: Serve.History: bad size 'much'")]
    [InlineData("""{ "Serve": { "PingAfter": "soon" } }""", "FILE: Serve.PingAfter: bad duration 'soon'")]
    [InlineData("""{ "Serve": { "GoneAfter": "500ms" } }""", "FILE: Serve.GoneAfter: bad time '500ms': it is from 1s to 1d")]
    [InlineData("""{ "Serve": { "Listen": ["nowhere"] } }""", "FILE: Serve.Listen: bad address 'nowhere'")]
    [InlineData("""{ "Serve": { "Listen": ["[::]:1"] } }""", "FILE: Serve.Listen: [::]:1 would serve other hosts without TLS")]
    [InlineData("""{ "Serve": { "Filters": { "allowList": [ { "ip": [ "10.0" ] } ] } } }""", "FILE: Serve.Filters: bad address '10.0'")]
    [InlineData("""{ "Serve": { "Filters": { "allow": [] } } }""", "FILE: Serve.Filters: Unknown field: allow")]
    [InlineData("""{ "Serve": """, "FILE is not the JSON of a configuration: ")]
    public void A_mistake_is_told_with_its_place(string json, string sentence) => Assert.StartsWith(
        sentence.Replace("FILE", _file, StringComparison.Ordinal), Assert.Throws<FormatException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Other_hosts_without_TLS_must_be_meant() =>
        Assert.Single(Read("""{ "Serve": { "Listen": ["0.0.0.0:1"], "TlsInsecure": true } }""").Server.Listen);

    [Theory]
    [InlineData("unix:/run/a.sock", "/run/a.sock")]
    [InlineData("unix:///run/a.sock", "/run/a.sock")]
    public void A_Unix_socket_is_written_as_gRPC_writes_it(string text, string path) => Assert.Equal(path, ListenAddress.Parse(text).UnixPath);

    [Theory]
    [InlineData("127.0.0.1:80", true)]
    [InlineData("[::1]:80", true)]
    [InlineData("localhost:80", true)]
    [InlineData("10.0.0.1:80", false)]
    [InlineData("[::]:0", false)]
    public void Loopback_is_told_from_other_addresses(string text, bool isLoopback) => Assert.Equal(isLoopback, ListenAddress.Parse(text).IsLoopback);

    [Theory]
    [InlineData("unix:run/a.sock")]
    [InlineData("unix:/run/")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("::1:80")]
    [InlineData("db1.example.com:80")]
    [InlineData("")]
    public void What_is_no_address_is_named(string text) =>
        Assert.StartsWith($"bad address '{text}'", Assert.Throws<FormatException>(() => ListenAddress.Parse(text)).Message, StringComparison.Ordinal);

    private static (long History, string Listen) Said(ServeSettings settings) => (settings.HistoryBytes, string.Join(' ', settings.Server.Listen.Select(a => a.Text)));

    private ServeSettings Read(string json, params (string Key, string Flag, string Value)[] flags)
    {
        File.WriteAllText(_file, json);
        return ServeSettings.Read(_file, flags);
    }
}
