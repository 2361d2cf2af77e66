# bash completion of emailmon.  Commands and their options are those that `emailmon help` tells, and the names of
# monitors those that `emailmon status` knows: no list stands here.

_emailmon_commands() {
    "$1" help 2>/dev/null | awk '$1 == "emailmon" { print $2 }'
}

_emailmon_usage() { # _emailmon_usage PROGRAM COMMAND: the words behind the command, brackets taken off
    "$1" help 2>/dev/null | awk -v command="$2" '$1 == "emailmon" && $2 == command {
        for (i = 3; i <= NF && $i ~ /^\[?(-|[A-Z]+\]?$)/; i++) {
            gsub(/[][]/, "", $i)
            print $i
        }
    }'
}

_emailmon_names() { # _emailmon_names PROGRAM FILE: of all monitors, as they are typed into a shell
    local name
    "$1" status -c "$2" --json 2>/dev/null | sed -n 's/^ *{"index": [^,]*, "name": "\(\(\\.\|[^"\\]\)*\)".*/\1/p' |
        while IFS= read -r name; do # without -r it would take the backslashes of JSON off, and all others too
            name=${name//\\\"/\"}
            printf '%q\n' "${name//\\\\/\\}"
        done
}

_emailmon() {
    local cur prev words cword file= i name usage standard=/etc/emailmon/emailmon.yaml
    _init_completion -n :=@ || return
    if ((cword == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_emailmon_commands "$1")" -- "$cur")
        return
    fi
    case $prev in
    -c)
        _filedir '@(yaml|yml|json)'
        [[ -n $cur || ! -r $standard ]] || COMPREPLY+=("$standard")
        return
        ;;
    -o)
        _filedir '@(html|htm)'
        return
        ;;
    esac
    for ((i = 2; i < cword; i++)); do
        [[ ${words[i]} != -c ]] || file=${words[i + 1]}
    done
    usage=$(_emailmon_usage "$1" "${words[1]}")
    if [[ $cur == -* || -z $file ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(grep -- ^- <<<"$usage")" -- "$cur")
    elif grep -qx NAME <<<"$usage"; then
        while IFS= read -r name; do
            [[ $name != "$cur"* ]] || COMPREPLY+=("$name")
        done < <(_emailmon_names "$1" "$file")
        # Readline puts what is found behind the last of these.
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*[:=@]}"}"}")
    fi
} && complete -F _emailmon emailmon
