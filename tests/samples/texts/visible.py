if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
