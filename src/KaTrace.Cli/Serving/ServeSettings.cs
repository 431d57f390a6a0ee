using System.Text.Json;
using Google.Protobuf;
using KaTrace.Filters;
using KaTrace.Output;
using KaTrace.Server.Hosting;
using KaTrace.Server.Log;
using KaTrace.V1;
using Microsoft.Extensions.Configuration;

namespace KaTrace.Cli.Serving;

/// <summary>What <c>katrace serve</c> is told, each thing by the first of these that says it: flag, environment (<c>KATRACE_Serve__History</c>),
/// configuration file, default.</summary>
internal sealed class ServeSettings
{
    public const string DefaultFile = "/etc/katrace/katrace.json";
    public const string Listen = "Listen";
    public const string SocketGroup = "SocketGroup";
    public const string TlsCertFile = "TlsCertFile";
    public const string TlsKeyFile = "TlsKeyFile";
    public const string TlsClientCaFile = "TlsClientCaFile";
    public const string TlsInsecure = "TlsInsecure";
    public const string History = "History";
    public const string PingAfter = "PingAfter";
    public const string GoneAfter = "GoneAfter";

    /// <param name="Name">As the configuration file has it: Serve.History.</param>
    /// <param name="Value">What is in effect.</param>
    /// <param name="Source">The flag, the environment variable, the file and key, or "default".</param>
    internal sealed record Setting(string Name, string Value, string Source);

    private const string Section = "Serve";
    private const string FiltersKey = "Filters";
    private const string EnvironmentPrefix = "KATRACE_";

    private static readonly string[] Keys = [Listen, SocketGroup, TlsCertFile, TlsKeyFile, TlsClientCaFile, TlsInsecure, History, PingAfter, GoneAfter, FiltersKey];

    private readonly IConfigurationSection _values;
    private readonly Dictionary<string, string> _flags = [];
    private readonly string? _file;

    private ServeSettings(string? file, IEnumerable<(string Key, string Flag, string Value)> flags)
    {
        _file = file ?? (File.Exists(DefaultFile) ? DefaultFile : null);
        List<KeyValuePair<string, string?>> given = [];
        foreach ((string key, string flag, string value) in flags)
        {
            given.Add(new($"{Section}:{key}", value));
            _flags[key] = flag;
        }

        ConfigurationBuilder builder = new();
        if (_file is not null)
            builder.AddJsonStream(new MemoryStream(ReadFile(_file)));
        _values = Build(builder.AddEnvironmentVariables(EnvironmentPrefix).AddInMemoryCollection(given)).GetSection(Section);
        if (_values.GetChildren().FirstOrDefault(child => !Keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new FormatException($"{Source(unknown.Key)}: there is no such setting; there are {string.Join(", ", Keys)}");
        Filters = ReadFilters();
        HistoryBytes = ReadHistory();
        Server = ReadServer();
    }

    public ServerOptions Server { get; }

    public long HistoryBytes { get; }

    /// <summary>Of the configuration file, or none.</summary>
    public FilterList Filters { get; }

    /// <exception cref="FormatException">Something cannot be; the message says where it was said, and what is allowed.</exception>
    /// <exception cref="IOException">The configuration file cannot be read.</exception>
    public static ServeSettings Read(string? file, IEnumerable<(string Key, string Flag, string Value)> flags) => new(file, flags);

    /// <summary>Every setting as it is in effect. Of a key, the file that holds it is named, never what is in that.</summary>
    public IEnumerable<Setting> All() => Keys.Select(key => new Setting($"{Section}.{key}", ValueOf(key), IsSaid(key) ? Source(key) : "default"));

    private bool IsSaid(string key) => _values.GetSection(key).Exists();

    private string ValueOf(string key) => key switch
    {
        FiltersKey => Filters.CalculateSize() == 0 ? "none" : JsonFormatter.Default.Format(Filters),
        _ when IsSaid(key) => string.Join(',', Values(key)),
        Listen => ListenAddress.DefaultText,
        SocketGroup => "that of whoever starts the agent",
        TlsInsecure => "false",
        History => $"{HistoryBytes >> 20}M",
        PingAfter => $"{Server.PingAfter.TotalSeconds:0}s",
        GoneAfter => $"{Server.GoneAfter.TotalSeconds:0}s",
        _ => "none",
    };

    private ServerOptions ReadServer()
    {
        ServerOptions standard = new();
        string[] listen = Values(Listen);
        ServerOptions options = standard with
        {
            Listen = listen.Length == 0 ? standard.Listen : [.. listen.Select(text => Checked(Listen, () => ListenAddress.Parse(text)))],
            SocketGroup = _values[SocketGroup] is { } group ? Checked(SocketGroup, () => UserGroup.Find(group)) : null,
            Tls = ReadTls(),
            PingAfter = ReadTime(PingAfter, standard.PingAfter),
            GoneAfter = ReadTime(GoneAfter, standard.GoneAfter),
        };
        if (options.Tls is null && !ReadInsecure() && options.Listen.FirstOrDefault(address => !address.IsLoopback) is { } open)
            throw new FormatException($"{Source(Listen)}: {open.Text} would serve other hosts without TLS; give --tls-cert-file and --tls-key-file, or --tls-insecure if that is meant");
        return options;
    }

    private TlsSettings? ReadTls()
    {
        string? certificate = _values[TlsCertFile], key = _values[TlsKeyFile], authorities = _values[TlsClientCaFile];
        if (certificate is null && key is null && authorities is null)
            return null;
        if (certificate is null || key is null)
            throw new FormatException($"{(certificate is null ? "--tls-cert-file" : "--tls-key-file")} is missing: TLS needs a certificate and its key");
        return new TlsSettings { CertificateFile = certificate, KeyFile = key, ClientCaFile = authorities };
    }

    private bool ReadInsecure() => _values[TlsInsecure] is { } text
        && (bool.TryParse(text, out bool value) ? value : throw new FormatException($"{Source(TlsInsecure)}: bad value '{text}': it is true or false"));

    private long ReadHistory()
    {
        if (_values[History] is not { } text)
            return EventLog.DefaultBytes;
        const ulong Least = 1 << 20, Most = 64ul << 30;
        return ByteSize.TryParse(text, out ulong bytes) && bytes is >= Least and <= Most
            ? (long)bytes
            : throw new FormatException($"{Source(History)}: bad size '{text}': it is from 1M to 64G");
    }

    private TimeSpan ReadTime(string key, TimeSpan standard)
    {
        if (_values[key] is not { } text)
            return standard;
        TimeSpan time = Checked(key, () => DurationText.Parse(text));
        return time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(1)
            ? time
            : throw new FormatException($"{Source(key)}: bad time '{text}': it is from 1s to 1d");
    }

    /// <summary>As <c>--print-raw-filters</c> prints them: not values one by one, but a message in proto3 JSON.</summary>
    private FilterList ReadFilters()
    {
        if (_file is null || !_values.GetSection(FiltersKey).Exists())
            return new FilterList();
        using JsonDocument document = JsonDocument.Parse(ReadFile(_file), JsonOptions);
        JsonElement section = document.RootElement.EnumerateObject().First(p => p.Name.Equals(Section, StringComparison.OrdinalIgnoreCase)).Value;
        JsonElement filters = section.EnumerateObject().First(p => p.Name.Equals(FiltersKey, StringComparison.OrdinalIgnoreCase)).Value;
        try
        {
            FilterList list = FilterList.Parser.ParseJson(filters.GetRawText());
            EventFilter.Compile(list);
            return list;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or FilterException)
        {
            throw new FormatException($"{Source(FiltersKey)}: {e.Message}", e);
        }
    }

    /// <summary>A list: as an array in the file, with commas elsewhere.</summary>
    private string[] Values(string key) => _values[key] is { } text
        ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        : [.. _values.GetSection(key).GetChildren().Select(child => child.Value).OfType<string>()];

    private T Checked<T>(string key, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (FormatException e)
        {
            throw new FormatException($"{Source(key)}: {e.Message}", e);
        }
    }

    /// <summary>Where a setting was said.</summary>
    private string Source(string key)
    {
        if (_flags.TryGetValue(key, out string? flag))
            return flag;
        string variable = $"{EnvironmentPrefix}{Section}__{key}";
        return Environment.GetEnvironmentVariable(variable) is not null || _file is null ? variable : $"{_file}: {Section}.{key}";
    }

    private static readonly JsonDocumentOptions JsonOptions = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private static byte[] ReadFile(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new IOException($"cannot read the configuration {file}: {e.Message}", e);
        }
    }

    private IConfigurationRoot Build(IConfigurationBuilder builder)
    {
        try
        {
            return builder.Build();
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new FormatException($"{_file} is not the JSON of a configuration: {e.Message}", e);
        }
    }
}
