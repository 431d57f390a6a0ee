using KaTrace.Audit;
using KaTrace.Hosts;
using KaTrace.Tests.Sockets;

namespace KaTrace.Tests.Audit;

/// <summary>Runs rules over a made-up host.</summary>
internal static class Audited
{
    public static Finding[] Find(string rule, MadeUpHost host, Func<AuditScope, AuditScope>? change = null) =>
        Auditor.Run(AuditRules.All.Where(r => r.Id == rule), new Dictionary<string, Severity>(), Scope(host, change));

    public static Finding[] All(MadeUpHost host, Func<AuditScope, AuditScope>? change = null) =>
        Auditor.Run(AuditRules.All, new Dictionary<string, Severity>(), Scope(host, change));

    public static AuditScope Scope(MadeUpHost host, Func<AuditScope, AuditScope>? change = null)
    {
        AuditScope scope = new() { Table = host.Table };
        return change?.Invoke(scope) ?? scope;
    }

    public static Func<AuditScope, AuditScope> Over(params string[] paths) => scope => scope.With(paths: [.. paths.Select(p => PathRule.Parse(p, new Dictionary<string, TimeSpan>()))]);

    public static AuditScope With(this AuditScope scope, MadeUpHost? before = null, AuditLimits? limits = null, PathRule[]? paths = null, HostSettings? host = null, Func<uint, DescriptorUse?>? descriptors = null) => new()
    {
        Table = scope.Table,
        Before = before?.Table ?? scope.Before,
        Limits = limits ?? scope.Limits,
        Paths = paths ?? scope.Paths,
        Settings = host ?? scope.Settings,
        Descriptors = descriptors ?? scope.Descriptors,
    };
}
