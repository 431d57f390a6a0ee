using KaTrace.Events;
using KaTrace.V1;

namespace KaTrace.Output;

/// <summary>Turns the record's bits of settings into those of the contract.</summary>
internal static class SettingMessages
{
    public static IEnumerable<Setting> List(KeepaliveSettings settings)
    {
        if ((settings & KeepaliveSettings.Idle) != 0)
            yield return Setting.Idle;
        if ((settings & KeepaliveSettings.Intvl) != 0)
            yield return Setting.Interval;
        if ((settings & KeepaliveSettings.Cnt) != 0)
            yield return Setting.Count;
        if ((settings & KeepaliveSettings.UserTimeout) != 0)
            yield return Setting.UserTimeout;
    }

    /// <summary>The other way round; what a newer contract may have besides is left out.</summary>
    public static KeepaliveSettings Set(IEnumerable<Setting> settings) =>
        settings.Aggregate(KeepaliveSettings.None, (all, one) => all | (KeepaliveSettings)(1 << ((int)one - 1) & 15));
}
