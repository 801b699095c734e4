"""`python -m app.kite.standin`: the stand-in as a program of its own."""

from app.kite.standin.main import main

if __name__ == "__main__":
    main()
