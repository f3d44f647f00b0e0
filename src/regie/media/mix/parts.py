"""What several parts of the mixer's pipeline have in common."""

SOUND_BUFFER_MS = 20
RAW_SOUND = "audio/x-raw,format=F32LE,rate=48000,channels=2,layout=interleaved"
H264 = "video/x-h264,stream-format=byte-stream,alignment=au"
LIMITER = "ladspa-fast-lookahead-limiter-1913-so-fastlookaheadlimiter"
SPARE = "errorignore convert-to=ok"  # a branch that may fail without the programme
SOUND_MIXER = (  # a sound whose times jump, for one, as its delay was changed, is soon where it belongs
    f"audiomixer output-buffer-duration={SOUND_BUFFER_MS * 1_000_000} "
    "alignment-threshold=15000000 discont-wait=100000000 "
    "start-time-selection=first ignore-inactive-pads=true"
)
